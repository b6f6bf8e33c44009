// fast-check as the tests see it: with one seed, so that a run of the tests can be repeated and fails for what was changed
// and nothing else. The long tables (WRIT_SOAK=1) draw anew each time, from the seed they print.
const fc = require('../../node_modules/fast-check/lib/cjs/fast-check.js');

fc.configureGlobal({ seed: Number(process.env.WRIT_SEED ?? 20_261_122) });

module.exports = fc;
