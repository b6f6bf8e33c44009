import { useRouter } from '@tanstack/react-router';
import { Problem } from '../ui/Problem';

/** A page that broke. The frame stands, so that every other page and the stop control can still be reached. */
export function PageFault({ error, reset }: { readonly error: unknown; readonly reset?: () => void }) {
  const router = useRouter();
  const again = (): void => {
    reset?.();
    void router.invalidate();
  };
  return <Problem what="This page" error={error} onRetry={again} />;
}
