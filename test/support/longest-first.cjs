const Sequencer = require('@jest/test-sequencer').default;

/**
 * Suites that take longest, with what they take beside one other on two cores, in seconds. They begin first: a long one that
 * begins last keeps one core busy while the others have nothing left to do. All others are as Jest orders them.
 */
const SECONDS = {
  'test/console/look': 140,
  'test/console/steering': 70,
  'test/start/demo': 70,
  'test/console/people': 65,
  'test/crash/kills': 65,
  'test/crash/log-kills': 65,
  'test/retail/support-desk': 60,
  'test/api/live': 50,
  'test/crash/table': 45,
  'test/crash/fleet': 40,
  'test/start/scaled-out': 40,
  'test/console/audit': 36,
  'test/crash/freeze': 36,
  'test/crash/approvals': 33,
  'test/start/start': 33,
  'test/console/runs': 30,
  'test/crash/families': 30,
  'test/routing/datasets': 30,
  'test/console/run': 27,
  'test/database/log': 27,
  'test/start/audit-verify': 27,
  'test/crash/branches': 26,
  'test/database/log-refusals': 26,
  'test/start/compose': 26,
  'test/agentdojo/replay': 25,
  'test/console/approvals': 24,
  'test/crash/teams': 24,
  'test/gateways/doors': 24,
  'test/architecture/lint': 20,
  'test/console/speed': 20,
  'test/database/embedded': 20,
  'test/database/migrations': 20,
  'test/gateways/mcp': 20,
  'test/scenarios/bad-input': 20,
  'test/scenarios/unreadable': 20,
  'test/start/first-workflow': 20,
  'test/telemetry/export': 20,
  'test/verify/tamper': 20,
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
