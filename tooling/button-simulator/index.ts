export {
  defaultOptions,
  startButtonSimulator,
  type ButtonSimulator,
  type SimulatorOptions,
} from './simulator.ts';
