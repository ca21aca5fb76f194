/** A device that runs models as REFERENCE does, after asking `before`. */
import { reference } from '@cuvee/plugin-reference';

export const plugin = (name, before) => ({
  ...reference(),
  name,
  compile(model, config, options) {
    const inner = reference().compile(model, config, options);
    const wrap = (request) => ({
      run: async (...args) => {
        before(model);
        return request.run(...args);
      },
      release: () => request.release(),
    });
    return { ...inner, createRequest: () => wrap(inner.createRequest()) };
  },
});
