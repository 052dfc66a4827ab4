import { Message } from "../components/Message";
import { PageHeader } from "../components/PageHeader";
import { Link, listPath } from "../router";

const toList = (
  <Link className="button" href={listPath}>
    All registration requests
  </Link>
);

export function UnknownRegistration({ registrationId }: { registrationId: number }) {
  return (
    <>
      <PageHeader title="Request not found" />
      <Message icon="search" title={`There is no registration request ${registrationId}`} action={toList}>
        It may have been removed, or the number in the link is wrong.
      </Message>
    </>
  );
}

export function MalformedIdPage({ id }: { id: string }) {
  return (
    <>
      <PageHeader title="Request not found" />
      <Message icon="search" title={`“${id}” is not a request number`} action={toList}>
        Request numbers consist of digits, such as 42.
      </Message>
    </>
  );
}

export function UnknownPage() {
  return (
    <>
      <PageHeader title="Page not found" />
      <Message icon="search" title="There is no such page" action={toList}>
        The address may be mistyped.
      </Message>
    </>
  );
}
