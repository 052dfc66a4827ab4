import { AppShell } from "./components/AppShell";
import { DetailPage } from "./pages/DetailPage";
import { ListPage } from "./pages/ListPage";
import { MalformedIdPage, UnknownPage } from "./pages/NotFoundPages";
import { matchRoute, useLocation } from "./router";

export function App() {
  const { pathname } = useLocation();
  return <AppShell>{pageOf(pathname)}</AppShell>;
}

function pageOf(pathname: string) {
  const route = matchRoute(pathname);
  switch (route.page) {
    case "list":
      return <ListPage />;
    case "detail":
      // The key makes React discard the state of the registration that was shown before.
      return <DetailPage key={route.registrationId} registrationId={route.registrationId} />;
    case "malformed-id":
      return <MalformedIdPage id={route.id} />;
    case "unknown":
      return <UnknownPage />;
  }
}
