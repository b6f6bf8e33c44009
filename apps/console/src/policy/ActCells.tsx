interface Props {
  readonly action: string;
  readonly object: string;
}

/** What a rule is about, as two cells of a table: under Do the action, under With the object. */
export function ActCells({ action, object }: Props) {
  return (
    <>
      <td data-label="Do">
        <code>{action}</code>
      </td>
      <td data-label="With">
        <code>{object}</code>
      </td>
    </>
  );
}
