"""Writes data/golden.json: what OpenCV and pyclipper compute, for the geometry tests to compare with.

    pip install opencv-python-headless==5.0.0.93 pyclipper==1.4.0 && python make_golden.py
"""
import base64, json, os
import cv2, numpy as np, pyclipper

rng = np.random.default_rng(20)


def packed(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def picture(width, height):
    noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (3, 3), 0) if min(width, height) > 3 else noise


def turned(width, height, angle, cx, cy):
    return cv2.boxPoints(((float(cx), float(cy)), (float(width), float(height)), float(angle)))


def resize():
    for w, h, to_w, to_h in [(7, 5, 12, 9), (20, 13, 9, 6), (8, 6, 4, 3), (1, 1, 5, 4), (3, 1, 2, 2), (33, 17, 96, 48), (40, 9, 213, 48), (31, 60, 24, 48)]:
        image = picture(w, h)
        yield dict(width=w, height=h, data=packed(image), toWidth=to_w, toHeight=to_h, expected=packed(cv2.resize(image, (to_w, to_h))))


def bitmaps():
    yield (rng.random((12, 17)) < 0.5).astype(np.uint8)
    yield np.ones((5, 6), np.uint8)
    shapes = np.zeros((40, 70), np.uint8)
    cv2.fillPoly(shapes, [turned(40, 12, 14, 25, 14).astype(np.int32)], 1)
    cv2.circle(shapes, (50, 25), 12, 1, -1)
    cv2.circle(shapes, (50, 25), 6, 0, -1)
    cv2.circle(shapes, (50, 25), 2, 1, -1)
    shapes[33, 3:30] = 1
    shapes[38, 5] = 1
    yield shapes


def contours():
    for bitmap in bitmaps():
        found = cv2.findContours(bitmap * 255, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[-2]
        yield dict(width=bitmap.shape[1], height=bitmap.shape[0], data=packed(bitmap), expected=[c.reshape(-1).tolist() for c in found])


def outlines():
    angles = [0, 0, 1, 90, 45, 11, 135, 7.3, 201.5, 88.9]
    for i in range(60):
        image = np.zeros((120, 240), np.uint8)
        quad = turned(rng.uniform(4, 200), rng.uniform(3, 30), angles[i % 10], rng.uniform(30, 210), rng.uniform(30, 90))
        cv2.fillPoly(image, [quad.astype(np.int32)], 255)
        for c in cv2.findContours(image, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[-2]:
            yield c.reshape(-1).tolist()
    yield from ([3, 3], [0, 0, 4, 4], [0, 0, 10, 0], [0, 0, 0, 10], [5, 0, 10, 5, 5, 10, 0, 5])


def rectangles():
    for outline in outlines():
        rect = cv2.minAreaRect(np.array(outline, np.int32).reshape(-1, 1, 2))
        yield dict(outline=outline, corners=cv2.boxPoints(rect).astype(float).tolist(), shorterSide=float(min(rect[1])))


def grown():
    for i in range(40):
        w, h = rng.uniform(4, 300), rng.uniform(3, 40)
        quad = turned(w, h, [0, 45, 12.5, rng.uniform(0, 360)][i % 4], rng.uniform(100, 500), rng.uniform(100, 500)).astype(float)
        offset = pyclipper.PyclipperOffset()
        offset.AddPath([tuple(map(int, p)) for p in quad], pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
        distance = float(w * h * 1.6 / 2 / (w + h))
        yield dict(quad=quad.tolist(), distance=distance, expected=[[v for p in polygon for v in p] for polygon in offset.Execute(distance)])


def means():
    width, height = 96, 64
    values = rng.random((height, width)).astype(np.float32)
    cases = []
    while len(cases) < 50:
        quad = turned(rng.uniform(4, 60), rng.uniform(3, 30), rng.uniform(0, 360), rng.uniform(10, 86), rng.uniform(10, 54))
        if quad.min() < 0 or quad[:, 0].max() >= width - 1 or quad[:, 1].max() >= height - 1:
            continue
        (x0, y0), (x1, y1) = np.floor(quad.min(0)).astype(int), np.ceil(quad.max(0)).astype(int)
        mask = np.zeros((y1 - y0 + 1, x1 - x0 + 1), np.uint8)
        cv2.fillPoly(mask, [(quad - np.float32([x0, y0])).astype(np.int32)], 1)
        cases.append(dict(quad=quad.astype(float).tolist(), expected=float(cv2.mean(values[y0:y1 + 1, x0:x1 + 1], mask)[0])))
    return dict(width=width, height=height, data=packed(values), cases=cases)


def warps():
    image = picture(48, 36)
    cases = []
    for quad, w, h in [([[4, 5], [40, 3], [42, 20], [2, 24]], 37, 19), ([[0, 0], [47, 0], [47, 35], [0, 35]], 47, 35),
                       ([[30, 2], [38, 4], [32, 30], [25, 28]], 8, 26), ([[-6, 10], [20, -4], [60, 40], [5, 44]], 30, 25)]:
        m = cv2.getPerspectiveTransform(np.float32(quad), np.float32([[0, 0], [w, 0], [w, h], [0, h]]))
        out = cv2.warpPerspective(image, m, (w, h), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC)
        cases.append(dict(quad=quad, width=w, height=h, expected=packed(out)))
    return dict(width=48, height=36, data=packed(image), cases=cases)


golden = dict(opencv=cv2.__version__, pyclipper=pyclipper.__version__, resize=list(resize()), contours=list(contours()),
              rectangles=list(rectangles()), grown=list(grown()), means=means(), warps=warps())
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'golden.json')
with open(path, 'w') as file:
    json.dump(golden, file, separators=(',', ':'))
