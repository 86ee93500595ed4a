import { misplacedArns } from '../../deployment-target.ts';
import { ok, problem, type Check } from '../check.ts';

/** Compares the account and region of the credentials with those of the configuration and of its ARNs. */
export const target: Check = {
  name: 'account and region',
  explains:
    'The credentials must be for the account that the configuration names, and its ARNs for that account and region. AWS would reject topics, certificates and streams of another one in the middle of a deployment.',
  run({ config, account, region, caller }) {
    const own = { account: config.account ?? account, region };
    const wrong = misplacedArns(config, own).map((says) =>
      problem(says, 'Name one in that account and region, or deploy to where it is.'),
    );
    const credentials =
      own.account === account
        ? ok(`account ${account}, region ${region}, as ${caller}`)
        : problem(
            `the credentials are for the account ${account}, but the configuration names ${own.account}`,
            'Use credentials of that account, or change `account` in the configuration.',
          );
    return Promise.resolve([credentials, ...wrong]);
  },
};
