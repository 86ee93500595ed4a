import * as fc from 'fast-check';

// A mutant is killed by the first value that fails: a smaller one would say nothing more.
fc.configureGlobal({ seed: 1, endOnFailure: true });
