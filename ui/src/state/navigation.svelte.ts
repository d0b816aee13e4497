// Where the page is: the address behind `#`, part by part.

class Navigation {
  path: string[] = $state([]);

  followHash(): void {
    this.path = location.hash
      .replace(/^#\/?/, '')
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  }

  go(...path: string[]): void {
    location.hash = `/${path.map(encodeURIComponent).join('/')}`;
    this.followHash();
  }
}

export const navigation = new Navigation();
