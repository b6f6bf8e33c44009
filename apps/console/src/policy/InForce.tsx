import { Button, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { plural } from '../time/format';
import { Empty } from '../ui/Empty';
import { Mark } from '../ui/Mark';
import { VERDICT } from '../ui/tone';
import { useAddress } from '../url/useAddress';
import { Table } from '../ui/Table';
import { ActCells } from './ActCells';
import { bundleText } from './bundle-text';
import styles from './Policy.module.css';
import { fitting, type PolicyLink, type PolicyRule, readLines } from './rules';

const COLUMNS = ['Who', 'May', 'Do', 'With', 'If', 'After', 'Rule'];

/** Rules drawn at once; a policy may have a hundred thousand. */
const SHOWN = 200;

export function InForce({ bundle }: { readonly bundle: { readonly [member: string]: unknown } }) {
  const { search, replace } = useAddress();
  const [most, setMost] = useState(SHOWN);
  const { rules: text, ...rest } = bundle;
  const { rules, roles, classes } = readLines(String(text));
  const words = search['q'] ?? '';
  const found = fitting(rules, words);
  const parts = bundleText({ rules: '', ...rest }).replace(/^rules: ""\n/, '');
  return (
    <div className={styles['content']} tabIndex={0} role="group" aria-label="The policy in force">
      <div className={styles['search']}>
        <TextInput
          aria-label="Find rules"
          placeholder="Words of a rule: role:auditor run.read"
          spellCheck={false}
          value={words}
          onChange={(event) => replace({ q: event.currentTarget.value || undefined })}
        />
        <span className="dim" aria-live="polite">
          {words === '' ? plural(rules.length, 'rule') : `${plural(found.length, 'rule')} of ${rules.length}`}
        </span>
      </div>
      {found.length === 0 ? (
        <Empty
          icon="search"
          title="No rule has all of these words"
          action={
            <Button variant="default" onClick={() => replace({ q: undefined })}>
              Show all {rules.length}
            </Button>
          }
        >
          <p>Silence denies: what no rule allows is refused.</p>
        </Empty>
      ) : (
        <Table columns={COLUMNS} tight>
          {found.slice(0, most).map((rule) => (
            <Row key={rule.rid} rule={rule} />
          ))}
        </Table>
      )}
      {found.length > most && (
        <Button variant="subtle" onClick={() => setMost(most + SHOWN)}>
          Show more: {found.length - most} are left
        </Button>
      )}
      <Links title="Who holds which role" links={roles} empty="Nobody by the policy; keys bring roles of their own." />
      {classes.length > 0 && <Links title="What is in which class" links={classes} empty="" />}
      {parts.trim() !== '' && parts.trim() !== '{}' && (
        <section>
          <h2>What the rules refer to</h2>
          <pre className={styles['text']} tabIndex={0}>
            {parts}
          </pre>
        </section>
      )}
    </div>
  );
}

const ASKABLE = /^(user|service|agent):[^*]+$/;

function Row({
  rule: { rid, effect, subject, action, object, condition, obligations },
}: {
  readonly rule: PolicyRule;
}) {
  return (
    <tr>
      <th scope="row">
        {ASKABLE.test(subject) ? (
          <Link to="/ask" search={{ q: `what can ${subject}` } as never} title="All they may do">
            <code>{subject}</code>
          </Link>
        ) : (
          <code>{subject}</code>
        )}
      </th>
      <td>
        <Mark sign={{ ...VERDICT[effect], word: effect === 'allow' ? 'may' : 'must not' }} quiet />
      </td>
      <ActCells action={action} object={object} />
      <td data-label="If">{condition}</td>
      <td data-label="After">{obligations.join(', ')}</td>
      <td data-label="Rule">
        <code className="dim">{rid}</code>
      </td>
    </tr>
  );
}

function Links({
  title,
  links,
  empty,
}: {
  readonly title: string;
  readonly links: readonly PolicyLink[];
  readonly empty: string;
}) {
  const groups = new Map<string, string[]>();
  for (const { member, group } of links) groups.set(group, [...(groups.get(group) ?? []), member]);
  return (
    <section>
      <h2>{title}</h2>
      {links.length === 0 && <p className="dim">{empty}</p>}
      <ul className={styles['links']}>
        {[...groups].map(([group, members]) => (
          <li key={group}>
            <code>{group}</code>: {members.slice(0, SHOWN).join(', ')}
            {members.length > SHOWN && ` and ${members.length - SHOWN} more`}
          </li>
        ))}
      </ul>
    </section>
  );
}
