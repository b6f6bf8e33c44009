import { platformPolicy } from '../platform/index';
import { cutOut, joinedCuts } from './content';
import { foundWords } from './guard-stage';
import { inspect } from './inspect';
import { tryOut } from './try-out';

/** What asks guardrails about content, takes out of it what they do not let pass, and holds for every tenant. */
export const guarding = { inspect, cutOut, joinedCuts, foundWords, tryOut, platform: platformPolicy } as const;
