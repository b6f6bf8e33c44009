import module from 'node:module';

/**
 * For `node --require ./dist/libs/telemetry/src/source-maps.js dist/apps/worker/src/main.js`: errors name the lines of
 * the TypeScript. As `--enable-source-maps`, but for our own files alone: the maps of all packages, which that flag
 * keeps as well, are 30 MB of each process.
 */
const enable = (module as Partial<Pick<typeof module, 'setSourceMapsSupport'>>).setSourceMapsSupport;
if (enable) enable(true, { nodeModules: false, generatedCode: false });
else process.setSourceMapsEnabled(true);
