export { templateProblems } from './check-template.ts';
export { REGISTRY_REGIONS } from './resource-schema.ts';
