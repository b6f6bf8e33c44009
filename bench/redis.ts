/** The private Redis of the tests is that of the benchmarks. */
export { type PrivateRedis, redisAvailable, startRedis } from '../test/support/redis';
