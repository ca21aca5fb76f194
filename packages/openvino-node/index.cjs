// For `require`: the ES module's exports, loaded by Node itself (20.19 and later), so that both kinds of import share their classes.
module.exports = require('./dist/index.js');
