import type { GoalRow } from './goals';
export async function measurePolicy(_options: object): Promise<GoalRow[]> {
  return [];
}
