export { childBill } from './bill';
export { allNodes } from './child-nodes';
export {
  AgentDefinition,
  type BillOfMaterials,
  Definition,
  ModelDefinition,
  ServerDefinition,
  ServiceDefinition,
  ToolDefinition,
  type Versioned,
} from './definitions';
export { parseDocuments, validateDocuments } from './documents';
export { evaluateCondition } from './evaluate-condition';
export { loadBill, loadPinnedBill } from './load';
export type { Merge } from './merge';
export type { Node, RouterNode } from './nodes';
export { offeredTools, supervisorTools } from './offered';
export type { OfferedTool } from './offered-tool';
export { agentPassings } from './passings';
export { publish } from './publish';
export { governing } from './governing';
export { type Governed, riskOf } from './risk';
export { checkInput } from './schemas';
export { awaitedSignals } from './signals';
export {
  type DefinitionRow,
  listVersions as listDefinitions,
  newestVersions as newestDefinitions,
  oneVersion as getDefinition,
} from './store';
export { references, resolveTemplate, type TemplateScope, valueAt } from './template';
