// Every word of the window in German; a word that is missing here does not pass the type check.
import type { en } from '../en';
import { experiments } from './experiments';
import { intake } from './intake';
import { judge } from './judge';
import { names } from './names';
import { prepare } from './prepare';
import { shell } from './shell';
import { work } from './work';

export const de: typeof en = { ...shell, ...names, ...prepare, ...intake, ...work, ...experiments, ...judge };
