// Names for `import`: what is compiled beside it is CommonJS.
import sdk from './src/index.js';

export const { WritClient, WritError } = sdk;
