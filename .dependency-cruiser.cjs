/**
 * Who may import whom (docs/architecture.md). Each rule keeps one boundary.
 * @type {import('dependency-cruiser').IConfiguration}
 */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-is-pure',
      comment: 'shared/domain imports zod, itself, and node:crypto and node:zlib, which only compute.',
      severity: 'error',
      from: { path: '^shared/domain/' },
      to: { pathNot: ['^shared/domain/', 'node_modules/zod/', '^(node:)?(crypto|zlib)$'] },
    },
    {
      name: 'runtime-knows-nothing-of-ours',
      severity: 'error',
      from: { path: '^shared/runtime/' },
      to: { path: '^(shared/(domain|button|store)|functions|infra|ops|local|test)/' },
    },
    {
      name: 'button-and-store-are-apart',
      comment: 'What Button says and what DynamoDB holds meet in shared/domain, and in shared/ingest.',
      severity: 'error',
      from: { path: '^shared/(button|store)/' },
      to: { path: '^shared/', pathNot: ['^shared/(domain|runtime)/', '^shared/$1/'] },
    },
    {
      name: 'producer-stands-alone',
      comment: 'A commerce system installs it without the rest.',
      severity: 'error',
      from: { path: '^shared/producer/' },
      to: {
        pathNot: [
          '^shared/(producer|domain)/',
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
      from: { path: '^shared/', pathNot: '^shared/lambda/' },
      to: { path: '^shared/lambda/' },
    },
    {
      name: 'compositions-take-clients',
      comment: 'Only handler.ts names the real AWS clients and what makes a composition a Lambda function.',
      severity: 'error',
      from: { path: '^functions/', pathNot: '/handler\\.ts$' },
      to: { path: ['^shared/lambda/(lambda|aws-clients)\\.ts$'] },
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
        'infra sees env.ts as types, table.ts and order-rules.ts as constants, and nothing else of the code.',
      severity: 'error',
      from: { path: '^infra/' },
      to: {
        path: '^(functions|shared|ops|local|test)/',
        pathNot: [
          '^functions/[^/]+/env\\.ts$',
          '^shared/store/table\\.ts$',
          '^shared/domain/(metrics|order-rules)\\.ts$',
        ],
      },
    },
    {
      name: 'ops-runs-the-library',
      comment: 'Commands run what is shared; of infra they take names, and no function.',
      severity: 'error',
      from: { path: '^ops/' },
      to: { path: '^(functions|infra|local|test)/', pathNot: ['^infra/order-reporting-config\\.ts$'] },
    },
    {
      name: 'local-knows-of-no-command',
      severity: 'error',
      from: { path: '^local/' },
      to: { path: '^ops/' },
    },
    {
      name: 'nothing-knows-of-local',
      severity: 'error',
      from: { path: '^(functions|shared|infra)/' },
      to: { path: '^local/' },
    },
    {
      name: 'nothing-knows-of-bench',
      severity: 'error',
      from: { path: '^(functions|shared|infra|local)/' },
      to: { path: '^bench/' },
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
