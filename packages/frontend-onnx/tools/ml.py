"""Writes cases of ai.onnx.ml and of TfIdfVectorizer, with what onnxruntime gives for them where it follows the specification.

    python ml.py ../../conformance/data/ml.zip        needs onnx, onnxruntime, numpy

Left out, as onnxruntime differs there: labels of tree classifiers whose leaves vote for both of two classes, LOGISTIC of a single target.
"""
import numpy as np

from peer import case, f, finish, rng


def ml(name, op, inputs, outputs, attrs={}, domain="ai.onnx.ml"):
    case(name, op, inputs, outputs, attrs, domain=domain)


X=f(6,4); X[0,1]=np.nan
Xc=f(6,4)
def forest(T,depth,F,modes=('BRANCH_LEQ',),missing=False):
    tid,nid,fid,val,mode,yes,no,mis=[],[],[],[],[],[],[],[]; leaves=[]
    for t in range(T):
        n=2**(depth+1)-1
        for i in range(n):
            leaf=i>=2**depth-1
            tid.append(t);nid.append(i);fid.append(0 if leaf else int(rng.integers(F)));val.append(0. if leaf else float(f(1)[0]))
            mode.append('LEAF' if leaf else modes[int(rng.integers(len(modes)))]);yes.append(0 if leaf else 2*i+1);no.append(0 if leaf else 2*i+2);mis.append(0 if leaf or not missing else int(rng.integers(2)))
            if leaf: leaves.append((t,i))
    return dict(nodes_treeids=tid,nodes_nodeids=nid,nodes_featureids=fid,nodes_values=val,nodes_modes=mode,nodes_truenodeids=yes,nodes_falsenodeids=no,nodes_missing_value_tracks_true=mis,nodes_hitrates=[1.]*len(tid)),leaves
def reg(name,T,depth,targets,X,modes=('BRANCH_LEQ',),missing=False,**kw):
    a,l=forest(T,depth,4,modes,missing)
    ts,ns,ii,w=[],[],[],[]
    for (t,i) in l:
        for k in range(targets): ts.append(t);ns.append(i);ii.append(k);w.append(float(f(1)[0]))
    a.update(target_treeids=ts,target_nodeids=ns,target_ids=ii,target_weights=w,n_targets=targets,**kw)
    ml(name,'TreeEnsembleRegressor',[('x',X)],['y'],a)
reg('treereg',3,3,1,Xc); reg('treereg_multi',3,2,3,Xc); reg('treereg_missing',4,3,1,X,missing=True); reg('treereg_nan',4,3,1,X)
for m in ('BRANCH_LT','BRANCH_GTE','BRANCH_GT','BRANCH_EQ','BRANCH_NEQ'): reg('treereg_'+m,2,2,1,Xc,(m,))
reg('treereg_mixed',3,3,1,Xc,('BRANCH_LEQ','BRANCH_GT')); reg('treereg_base',3,2,2,Xc,base_values=[.5,-.5]); reg('treereg_avg',3,2,1,Xc,aggregate_function='AVERAGE'); reg('treereg_avgbase',3,2,1,Xc,aggregate_function='AVERAGE',base_values=[.7]); reg('treereg_min',3,2,1,Xc,aggregate_function='MIN'); reg('treereg_max',3,2,2,Xc,aggregate_function='MAX'); reg('treereg_softmax',3,2,3,Xc,post_transform='SOFTMAX'); reg('treereg_f64',2,2,1,Xc.astype(np.float64))
def cls(name,T,depth,classes,labels=None,single=None,positive=False,X=Xc,**kw):
    a,l=forest(T,depth,4); ts,ns,ii,w=[],[],[],[]
    for (t,i) in l:
        for k in (range(classes) if single is None else [single]):
            ts.append(t);ns.append(i);ii.append(k);v=float(f(1)[0]); w.append(abs(v)/T if positive else v)
    a.update(class_treeids=ts,class_nodeids=ns,class_ids=ii,class_weights=w,**kw)
    a.update(dict(classlabels_strings=labels) if labels and isinstance(labels[0],str) else dict(classlabels_int64s=labels or list(range(classes))))
    ml(name,'TreeEnsembleClassifier',[('x',X)],['l','p'],a)
cls('treecls3',3,2,3); cls('treecls3_softmax',3,2,3,post_transform='SOFTMAX'); cls('treecls_bin',3,2,2,single=0); cls('treecls_bin1',3,2,2,single=1,labels=[5,6]); cls('treecls_bin_log',3,2,2,single=0,post_transform='LOGISTIC'); cls('treecls_bin_pos',3,2,2,single=0,positive=True); cls('treecls_bin_pos_log',3,2,2,single=0,positive=True,post_transform='LOGISTIC'); cls('treecls_bin_base',3,2,2,single=0,base_values=[.2]); cls('treecls3_base',3,2,3,base_values=[.1,.2,-.3]); cls('treecls_str',3,2,3,labels=['a','b','c']); cls('treecls3_log',3,2,3,post_transform='LOGISTIC'); cls('treecls3_sz',3,2,3,post_transform='SOFTMAX_ZERO'); cls('treecls_bin_softmax',3,2,2,single=0,post_transform='SOFTMAX')
ml('linreg','LinearRegressor',[('x',Xc)],['y'],dict(coefficients=f(4).tolist(),intercepts=[.3]))
ml('linreg2','LinearRegressor',[('x',Xc)],['y'],dict(coefficients=f(8).tolist(),intercepts=[.3,.4],targets=2))
for pt in ('NONE','SOFTMAX','LOGISTIC'):
    ml('lincls3_'+pt,'LinearClassifier',[('x',Xc)],['l','p'],dict(coefficients=f(12).tolist(),intercepts=f(3).tolist(),classlabels_ints=[3,4,5],post_transform=pt))
    w=f(4); ml('lincls2_'+pt,'LinearClassifier',[('x',Xc)],['l','p'],dict(coefficients=(-w).tolist()+w.tolist(),intercepts=[-.1,.1],classlabels_ints=[0,1],post_transform=pt))
    ml('lincls1_'+pt,'LinearClassifier',[('x',Xc)],['l','p'],dict(coefficients=w.tolist(),intercepts=[.1],classlabels_ints=[0,1],post_transform=pt))
ml('lincls_str','LinearClassifier',[('x',Xc)],['l','p'],dict(coefficients=f(12).tolist(),intercepts=f(3).tolist(),classlabels_strings=['a','b','c']))
for kt,kp in (('LINEAR',[1.,0.,3.]),('RBF',[.5,0.,3.]),('POLY',[.5,1.,2.]),('SIGMOID',[.3,.1,1.])):
    ml('svr_'+kt,'SVMRegressor',[('x',Xc)],['y'],dict(coefficients=f(5).tolist(),support_vectors=f(20).tolist(),n_supports=5,rho=[.2],kernel_type=kt,kernel_params=kp))
ml('svr_one','SVMRegressor',[('x',Xc)],['y'],dict(coefficients=f(5).tolist(),support_vectors=f(20).tolist(),n_supports=5,rho=[.0],kernel_type='RBF',kernel_params=[.5,0.,3.],one_class=1))
# SVC one-vs-one
nv=[2,3,2]; tot=7
for nm,kw in (('svc',dict()),):
    ml(nm,'SVMClassifier',[('x',Xc)],['l','p'],dict(coefficients=f(2*tot).tolist(),support_vectors=f(tot*4).tolist(),vectors_per_class=nv,rho=f(3).tolist(),kernel_type='RBF',kernel_params=[.5,0.,3.],classlabels_ints=[0,1,2],**kw))
ml('svc2','SVMClassifier',[('x',Xc)],['l','p'],dict(coefficients=f(5).tolist(),support_vectors=f(20).tolist(),vectors_per_class=[2,3],rho=f(1).tolist(),kernel_type='RBF',kernel_params=[.5,0.,3.],classlabels_ints=[0,1]))
ml('ohe_int','OneHotEncoder',[('x',np.array([[1,3],[2,9]],np.int64))],['y'],dict(cats_int64s=[1,2,3],zeros=1))
ml('ohe_f','OneHotEncoder',[('x',np.array([1,3,2],np.float32))],['y'],dict(cats_int64s=[1,2,3],zeros=1))
ml('ohe_str','OneHotEncoder',[('x',np.array(['a','c','z'],object))],['y'],dict(cats_strings=['a','b','c'],zeros=1))
ml('le_si','LabelEncoder',[('x',np.array(['a','c','z'],object))],['y'],dict(keys_strings=['a','b','c'],values_int64s=[5,6,7],default_int64=-9))
ml('le_is','LabelEncoder',[('x',np.array([1,2,3],np.int64))],['y'],dict(values_strings=['a','b','c'],keys_int64s=[1,3,5]))
ml('le_if','LabelEncoder',[('x',np.array([1,2,3],np.int64))],['y'],dict(values_floats=[.5,.6,.7],keys_int64s=[1,3,5],default_float=.9))
ml('le_fi','LabelEncoder',[('x',np.array([1,2,3],np.float32))],['y'],dict(keys_floats=[1.,3.],values_int64s=[4,5]))
ml('le_ii','LabelEncoder',[('x',np.array([1,2,3],np.int64))],['y'],dict(keys_int64s=[1,3],values_int64s=[4,5]))
ml('cat_map','CategoryMapper',[('x',np.array(['a','c','z'],object))],['y'],dict(cats_strings=['a','b','c'],cats_int64s=[1,2,3],default_int64=-2))
ml('cat_map2','CategoryMapper',[('x',np.array([1,3,9],np.int64))],['y'],dict(cats_strings=['a','b','c'],cats_int64s=[1,2,3],default_string='?'))
ml('imputer','Imputer',[('x',X)],['y'],dict(imputed_value_floats=[1.,2.,3.,4.],replaced_value_float=float('nan')))
ml('imputer1','Imputer',[('x',X)],['y'],dict(imputed_value_floats=[1.],replaced_value_float=float('nan')))
ml('imputer_i','Imputer',[('x',np.array([[1,-1],[3,4]],np.int64))],['y'],dict(imputed_value_int64s=[7,8],replaced_value_int64=-1))
ml('scaler','Scaler',[('x',Xc)],['y'],dict(offset=[1.,2.,3.,4.],scale=[2.,2.,.5,1.]))
ml('norm','Normalizer',[('x',Xc)],['y'],dict(norm='L2'))
ml('norm_max','Normalizer',[('x',Xc)],['y'],dict(norm='MAX'))
ml('norm_l1','Normalizer',[('x',Xc)],['y'],dict(norm='L1'))
ml('fv','FeatureVectorizer',[('x',Xc),('z',f(6,2))],['y'],dict(inputdimensions=[4,2]))
ml('binarizer','Binarizer',[('x',Xc)],['y'],dict(threshold=.2))
ml('afe','ArrayFeatureExtractor',[('x',Xc),('i',np.array([0,2],np.int64))],['y'])
for mode in ('TF','IDF','TFIDF'):
    for sk in (0,2):
        a=dict(min_gram_length=1,max_gram_length=3,max_skip_count=sk,mode=mode,ngram_counts=[0,3,7],ngram_indexes=[0,1,2,3,4,5],pool_int64s=[2,3,5,5,4,5,6,2,3,5])
        if mode!='TF': a['weights']=[.5,2.,3.,4.,5.,6.]
        ml(f'tfidf_{mode}_{sk}','TfIdfVectorizer',[('x',np.array([[2,3,5,4,5,6,2,3,5],[5,6,5,4,2,2,3,3,5]],np.int64))],['y'],a,domain="")
ml('tfidf_1d','TfIdfVectorizer',[('x',np.array([2,3,5,4,5,6,2],np.int32))],['y'],dict(min_gram_length=2,max_gram_length=2,max_skip_count=1,mode='TF',ngram_counts=[0,3],ngram_indexes=[0,1,2,3,4,5],pool_int64s=[2,3,5,5,4,5,6,2,3]),domain="")
ml('tfidf_str','TfIdfVectorizer',[('x',np.array(['a','b','a'],object))],['y'],dict(min_gram_length=1,max_gram_length=2,max_skip_count=0,mode='TF',ngram_counts=[0,2],ngram_indexes=[0,1,2],pool_strings=['a','b','a','b']),domain="")
finish()
