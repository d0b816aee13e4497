// Every word of the window in English. The other languages are objects of the same shape.
import { everyday } from './everyday';
import { experiments } from './experiments';
import { handover } from './handover';
import { intake } from './intake';
import { judge } from './judge';
import { names } from './names';
import { prepare } from './prepare';
import { privacy } from './privacy';
import { protection } from './protection';
import { shell } from './shell';
import { work } from './work';
import { workbench } from './workbench';

export const en = {
  ...shell,
  ...names,
  ...prepare,
  ...intake,
  ...work,
  ...everyday,
  ...experiments,
  ...judge,
  ...handover,
  ...workbench,
  ...protection,
  ...privacy,
};
