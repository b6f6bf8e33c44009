export { calibrate, type LabelledText, measure } from './calibrate';
export { chooseRoute } from './choose';
export type { Classifier, RouteExamples, RouteScore } from './classifier';
export { trainLexical } from './lexical';
