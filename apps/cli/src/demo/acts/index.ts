import type { Act } from './act';
import { kill } from './kill';
import { refund } from './refund';
import { refusal } from './refusal';
import { stop } from './stop';
import { tamper } from './tamper';
import { verify } from './verify';

/** In the order in which they are played; later ones may build on earlier ones. */
export const ACTS: readonly Act[] = [refund, refusal, stop, kill, verify, tamper];
