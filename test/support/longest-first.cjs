const Sequencer = require('@jest/test-sequencer').default;

/**
 * Suites that take longest, with what they take beside one other on two cores, in seconds. They begin first: a long one that
 * begins last keeps one core busy while the others have nothing left to do. All others are as Jest orders them.
 */
const SECONDS = {
  'test/console/look': 90,
  'test/start/demo': 60,
  'test/crash/kills': 60,
  'test/crash/log-kills': 60,
  'test/crash/families': 50,
  'test/retail/support-desk': 50,
  'test/start/scaled-out': 45,
  'test/crash/table': 40,
  'test/console/people': 40,
  'test/console/steering': 40,
  'test/crash/branches': 35,
  'test/api/live': 33,
  'test/crash/freeze': 33,
  'test/start/start': 33,
  'test/crash/approvals': 30,
  'test/routing/datasets': 30,
  'test/crash/framework': 25,
  'test/start/first-workflow': 25,
  'test/verify/tamper': 25,
  'test/architecture/lint': 20,
};

module.exports = class LongestFirst extends Sequencer {
  async sort(tests) {
    const seconds = ({ path }) => {
      const suite = Object.keys(SECONDS).find((name) => path.replaceAll('\\', '/').includes(`/${name}.`));
      return suite === undefined ? 0 : SECONDS[suite];
    };
    // Stable: equals stay as they were.
    return [...(await super.sort(tests))].sort((one, other) => seconds(other) - seconds(one));
  }
};
