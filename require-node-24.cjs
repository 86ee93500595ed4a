'use strict';

/**
 * Loaded before any TypeScript (`node -r ./require-node-24.cjs`), by whatever Node.js there is: one that cannot
 * run this project says so in one line. On Linux x64, npm scripts run the locked Node.js 24 of
 * `node_modules/.bin`.
 */
const REQUIRED = 24;

if (Number(process.versions.node.split('.')[0]) < REQUIRED) {
  process.stderr.write(
    `This project needs Node.js ${REQUIRED} or later; this is ${process.version}. On Linux x64, npm ci installs it.\n`,
  );
  process.exit(1);
}
