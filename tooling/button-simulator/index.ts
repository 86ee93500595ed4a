export {
  defaultOptions,
  startButtonSimulator,
  type ButtonSimulator,
  type SimulatorOptions,
} from './simulator.ts';
export { SimulatorStateSchema, type SimulatorState } from './state.ts';
