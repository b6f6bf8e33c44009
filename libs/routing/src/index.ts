export { calibrate, type LabelledText, type Measured, measure } from './calibrate';
export { type Certainty, type Choice, chooseRoute } from './choose';
export type { Classified, Classifier, RouteExamples, RouteScore } from './classifier';
export { trainLexical } from './lexical';
