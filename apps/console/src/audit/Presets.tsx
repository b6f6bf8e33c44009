import listBar from '../list/ListBar.module.css';
import { PRESETS } from './series';

interface Props {
  readonly q: string;
  readonly onPick: (q: string) => void;
}

/** Ready-made questions. */
export function Presets({ q, onPick }: Props) {
  return (
    <ul className={listBar['chips']} aria-label="Ready-made queries">
      {PRESETS.map((preset) => (
        <li key={preset.label}>
          <button
            type="button"
            className={listBar['chip']}
            aria-pressed={preset.q === q}
            onClick={() => onPick(preset.q === q ? '' : preset.q)}
          >
            {preset.label}
          </button>
        </li>
      ))}
    </ul>
  );
}
