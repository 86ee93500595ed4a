import * as fc from 'fast-check';

// Property tests of one commit try the same values in every run, as its schedules do.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env['PROPERTY_SEED']) });
