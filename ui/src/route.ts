// The screens in the order of the work. A new screen is a folder and a line here.
import type { Component } from 'svelte';
import Data from './screens/data/Data.svelte';
import Demo from './screens/demo/Demo.svelte';
import Export from './screens/export/Export.svelte';
import Experiments from './screens/experiments/Experiments.svelte';
import Home from './screens/home/Home.svelte';
import Models from './screens/models/Models.svelte';
import Outputs from './screens/outputs/Outputs.svelte';
import Rate from './screens/rate/Rate.svelte';
import Results from './screens/results/Results.svelte';
import Runs from './screens/runs/Runs.svelte';
import Settings from './screens/settings/Settings.svelte';

export type ScreenName =
  | 'home'
  | 'data'
  | 'models'
  | 'runs'
  | 'outputs'
  | 'rate'
  | 'results'
  | 'experiments'
  | 'demo'
  | 'export'
  | 'settings';

/** Its label is `t.nav[name]`. */
export interface Route {
  name: ScreenName;
  /** Path of a 20 × 20 line icon. */
  icon: string;
  screen: Component;
}

export const routes: Route[] = [
  { name: 'home', icon: 'M3 9.5 10 3l7 6.5M5 8v9h10V8', screen: Home },
  {
    name: 'data',
    icon: 'M4 5c0-1.2 2.7-2 6-2s6 .8 6 2-2.7 2-6 2-6-.8-6-2ZM4 5v10c0 1.2 2.7 2 6 2s6-.8 6-2V5M4 10c0 1.2 2.7 2 6 2s6-.8 6-2',
    screen: Data,
  },
  {
    name: 'models',
    icon: 'm10 2.5 6.5 3.75v7.5L10 17.5l-6.5-3.75v-7.5L10 2.5ZM3.5 6.25 10 10l6.5-3.75M10 10v7.5',
    screen: Models,
  },
  { name: 'runs', icon: 'M6 3.5v13l10.5-6.5L6 3.5Z', screen: Runs },
  {
    name: 'outputs',
    icon: 'M3 4h10v7H7l-3 2.5V11H3V4ZM9 13.5h4l3 2.5v-2.500h1V7h-2',
    screen: Outputs,
  },
  {
    name: 'rate',
    icon: 'm10 2.800 2.200 4.600 5 .7-3.600 3.500.9 5L10 14.200l-4.500 2.400.9-5L2.800 8.100l5-.7L10 2.800Z',
    screen: Rate,
  },
  { name: 'results', icon: 'M3.500 17V9.500M10 17V3M16.500 17v-5', screen: Results },
  {
    name: 'experiments',
    icon: 'M3.500 4.500h13M3.500 10h13M3.500 15.500h13M7 2.800v3.400M12.500 8.300v3.400M9 13.800v3.400',
    screen: Experiments,
  },
  {
    name: 'demo',
    icon: 'M3 4.500h14v9H9.500L6 16.500v-3H3v-9ZM6.500 8h7M6.500 10.500h4.500',
    screen: Demo,
  },
  {
    name: 'export',
    icon: 'M10 12.500V3M6.500 6.500 10 3l3.500 3.500M3.500 11v5.500h13V11',
    screen: Export,
  },
  {
    name: 'settings',
    icon: 'M3 6h8M15 6h2M3 14h2M9 14h8M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
    screen: Settings,
  },
];
