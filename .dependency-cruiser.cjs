/**
 * Who may import whom (docs/architecture.md). Each rule keeps one boundary.
 * @type {import('dependency-cruiser').IConfiguration}
 */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'rules-are-pure',
      comment: 'Rules import zod, other rules, and node:crypto and node:zlib, which only compute.',
      severity: 'error',
      from: { path: ['^shared/[^/]+/rules/', '^shared/validation/'] },
      to: {
        pathNot: [
          '^shared/[^/]+/rules/',
          '^shared/validation/',
          'node_modules/zod/',
          '^(node:)?(crypto|zlib)$',
        ],
      },
    },
    {
      name: 'validation-stands-alone',
      comment: 'Commerce systems and consumers install it without the rest.',
      severity: 'error',
      from: { path: '^shared/validation/' },
      to: { path: '^shared/', pathNot: '^shared/validation/' },
    },
    {
      name: 'validation-is-imported-by-name',
      comment: 'By @button-serverless/validation, as outside of this project.',
      severity: 'error',
      from: {
        path: '^(shared|functions|infra|ops|local|tooling)/',
        pathNot: ['^shared/validation/', '/test/'],
      },
      to: {
        path: '^shared/validation/',
        pathNot: ['^shared/validation/index\\.ts$', '^shared/validation/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'runtime-knows-nothing-of-ours',
      severity: 'error',
      from: { path: '^shared/(runtime|dynamodb)/' },
      to: {
        path: '^(shared/(orders|transactions|reconciliation|quarantine|button)|functions|infra|ops|local|test)/',
      },
    },
    {
      name: 'button-and-stores-are-apart',
      comment:
        'What Button says and what DynamoDB holds meet in the subjects: orders, transactions, reconciliation.',
      severity: 'error',
      from: { path: '^shared/(button|[^/]+/store)/' },
      to: {
        path: '^shared/',
        pathNot: ['^shared/(validation|runtime|dynamodb)/', '^shared/[^/]+/rules/', '^shared/$1/'],
      },
    },
    {
      name: 'order-sender-stands-alone',
      comment: 'A commerce system installs it, with the published validation package and the SQS client.',
      severity: 'error',
      from: { path: '^shared/order-sender/' },
      to: {
        pathNot: [
          '^shared/order-sender/',
          '^shared/validation/(orders|webhooks)/index\\.ts$',
          'node_modules/@aws-sdk/client-sqs/',
          '^(node:)?[a-z]+(/promises)?$',
        ],
      },
    },
    {
      name: 'shared-knows-no-function',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(functions|infra|ops|local|test)/' },
    },
    {
      name: 'only-functions-are-composed',
      comment: 'Nothing else in shared depends on how functions are composed or on Lambda.',
      severity: 'error',
      from: { path: '^shared/', pathNot: '^shared/runtime/(lambda|aws-clients|runtime)\\.ts$' },
      to: { path: '^shared/runtime/(lambda|aws-clients|runtime)\\.ts$' },
    },
    {
      name: 'compositions-take-clients',
      comment: 'Only handler.ts names the real AWS clients and what makes a composition a Lambda function.',
      severity: 'error',
      from: { path: '^functions/', pathNot: '/handler\\.ts$' },
      to: { path: ['^shared/runtime/(lambda|aws-clients)\\.ts$'] },
    },
    {
      name: 'functions-are-islands',
      severity: 'error',
      from: { path: '^functions/([^/]+)/' },
      to: { path: '^(functions|infra|ops|local|test)/', pathNot: '^functions/$1/' },
    },
    {
      name: 'infra-takes-types-and-constants-only',
      comment:
        'infra sees env.ts as types, table.ts, metrics and the validation package as constants, and nothing else.',
      severity: 'error',
      from: { path: '^infra/' },
      to: {
        path: '^(functions|shared|ops|local|test)/',
        pathNot: [
          '^functions/[^/]+/env\\.ts$',
          '^shared/dynamodb/table\\.ts$',
          '^shared/runtime/metric-definitions\\.ts$',
          '^shared/validation/',
        ],
      },
    },
    {
      name: 'ops-runs-the-library',
      comment:
        'Commands run what is shared; of infra they take names and the rule for the quota, and no function.',
      severity: 'error',
      from: { path: '^ops/' },
      to: {
        path: '^(functions|infra|local|test)/',
        pathNot: ['^infra/order-reporting-config\\.ts$', '^infra/lambda-concurrency\\.ts$'],
      },
    },
    {
      name: 'local-knows-of-no-command',
      comment: 'It opens the live page, which works on the local stage as on any other.',
      severity: 'error',
      from: { path: '^local/' },
      to: { path: '^ops/', pathNot: '^ops/console/index\\.ts$' },
    },
    {
      name: 'nothing-knows-of-local',
      severity: 'error',
      from: { path: '^(functions|shared|infra)/' },
      to: { path: '^(local|tooling)/' },
    },
    {
      name: 'nothing-knows-of-the-benchmarks',
      severity: 'error',
      from: { path: '^(functions|shared|infra|ops|local|tooling)/', pathNot: '^tooling/benchmarks/' },
      to: { path: '^tooling/benchmarks/' },
    },
    {
      name: 'runs-without-development-dependencies',
      comment: '`npm ci --omit=dev && npm start` is what the README tells newcomers to type.',
      severity: 'error',
      from: {
        path: '^(functions|shared|infra|ops|local|tooling/(local-aws|button-simulator|dashboards))/',
        // They compare with what is deployed, and list what is in it.
        pathNot: ['/test/', '^infra/(upgrade|sbom)/'],
      },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/@types/',
      },
    },
    {
      name: 'tools-stand-alone',
      comment:
        'Local AWS, the Button simulator and the dashboards know other packages, and nothing of this app.',
      severity: 'error',
      from: { path: '^tooling/(local-aws|button-simulator|dashboards)/', pathNot: '/test/' },
      to: { path: '^(functions|shared|infra|ops|local|test)/', pathNot: '^shared/validation/' },
    },
    {
      name: 'tools-are-imported-by-name',
      comment: 'By the name of their package, through what its package.json exports.',
      severity: 'error',
      from: { path: '^(ops|local|tooling/([^/]+))/', pathNot: '/test/' },
      to: {
        path: '^tooling/[^/]+/.+\\.ts$',
        pathNot: ['/index\\.ts$', '/structured-console\\.ts$', '^tooling/$2/'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(cdk\\.out|dist|\\.local)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
