import { mappedStack } from './mapped-stack';

/**
 * For `node --require ./dist/libs/telemetry/src/source-maps.js dist/apps/worker/src/main.js`: errors name the lines of
 * the TypeScript. As `--enable-source-maps`, but a map is read when an error of its file is told, and no map of a package
 * ever: that flag keeps all of them from the start, which is 17 MB of a process for our own files and 30 MB for the rest.
 */
Error.prepareStackTrace = mappedStack;
