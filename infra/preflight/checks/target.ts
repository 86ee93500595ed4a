import { misplacedArns } from '../../deployment-target.ts';
import { ok, problem, type Check } from '../check.ts';

/** Account and region of the credentials against those of the configuration and of its ARNs. */
export const target: Check = {
  name: 'account and region',
  explains:
    'The credentials have to be of the account that the configuration names, and its ARNs of that account and region: AWS refuses topics, certificates and streams of another one in the middle of a deployment.',
  run({ config, account, region, caller }) {
    const own = { account: config.account ?? account, region };
    const wrong = misplacedArns(config, own).map((says) =>
      problem(says, 'Name one of that account and region, or deploy to where it is.'),
    );
    const credentials =
      own.account === account
        ? ok(`account ${account}, region ${region}, as ${caller}`)
        : problem(
            `the credentials are of the account ${account}, the configuration names ${own.account}`,
            'Use credentials of that account, or change `account` in the configuration.',
          );
    return Promise.resolve([credentials, ...wrong]);
  },
};
