import type { Sign } from '../ui/tone';
import type { Question } from './AnswerForm';

export const QUESTION_STATUS: { readonly [S in Question['status']]: Sign } = {
  pending: { tone: 'wait', icon: 'hand', word: 'Asked' },
  answered: { tone: 'good', icon: 'check', word: 'Answered' },
  withdrawn: { tone: 'calm', icon: 'cross', word: 'Not needed' },
};
