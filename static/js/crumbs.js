// A breadcrumb leads back to its list as it was last seen: with its search, filters, sort and page.

const key = (path) => `list:${path}`;

addEventListener("pagehide", () => {
  if (document.getElementById("results")) sessionStorage.setItem(key(location.pathname), location.search);
});

for (const link of document.querySelectorAll(".crumbs a")) {
  const query = sessionStorage.getItem(key(link.pathname));
  if (query && !link.search) link.search = query;
}
