export { type Manifest, manifestOf } from './bill';
export {
  AgentDefinition,
  type BillOfMaterials,
  BudgetDefinition,
  Definition,
  type DefinitionKind,
  ModelDefinition,
  type Node,
  type OnError,
  ResolverDefinition,
  ServerDefinition,
  ServiceDefinition,
  ToolDefinition,
  type Versioned,
  WorkflowDefinition,
} from './definitions';
export { parseDocuments, validateDocuments } from './documents';
export { type BillRequest, loadBill, loadPinnedBill } from './load';
export { HANDOFF_PREFIX, type OfferedTool, offeredTools } from './offered';
export { publish, type Published } from './publish';
export { checkInput } from './schemas';
export { type DefinitionRow, listVersions as listDefinitions, oneVersion as getDefinition } from './store';
export { resolveTemplate, type TemplateScope, valueAt } from './template';
