// What this release makes of credentials, said wherever somebody could expect more.

export function NotUsedYet() {
  return (
    <p className="max-w-3xl rounded-md bg-waiting-soft px-3 py-2">
      This release stores credentials and does not put them into requests yet: a session cannot use what is in its
      vaults. Values are sealed with a key that is not in the database, and nothing shows them again.
    </p>
  );
}
