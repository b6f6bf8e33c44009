import { letClusterGo } from './cluster';

export default letClusterGo;
