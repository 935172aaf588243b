// What becomes of a value that is put into a vault, in the words of a person.

export function WhereValuesGo() {
  return (
    <p className="max-w-3xl text-muted">
      Sandboxes hold placeholders. The real values are put into requests outside of them, for the hosts of each
      credential only. They are sealed with a key that is not in the database, and nothing shows them again.
    </p>
  );
}
