import type { Failure } from '@writ/kernel';

export const noRun = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no run ${id}`,
  next: 'List the runs you may see.',
});
