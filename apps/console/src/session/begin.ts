import { resume, signIn } from '../api/client';
import { troubleOf } from '../api/problem';
import { pin } from '../proof/trust';
import { sessionStore } from './session';
import type { Carried } from './take-key';

/** Before the first page: signs in with the key the address carried, or goes on with the cookie there is. */
export async function begin({ apiKey, logKeys }: Carried): Promise<void> {
  // A terminal vouches for them: they came another way than the page that is to be checked.
  for (const vkey of logKeys) pin(vkey);
  if (apiKey === null) return resume();
  try {
    await signIn(apiKey);
  } catch (error) {
    sessionStore.set({ is: 'closed', why: `The key of the link was not accepted: ${troubleOf(error).detail}` });
  }
}
