import { cutOut, joinedCuts } from './content';
import { foundWords } from './guard-stage';
import { inspect } from './inspect';
import { tryOut } from './try-out';

/** What asks guardrails about content, and takes out of it what they do not let pass. */
export const guarding = { inspect, cutOut, joinedCuts, foundWords, tryOut } as const;
