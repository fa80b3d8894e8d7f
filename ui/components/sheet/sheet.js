// On a phone the sidebar covers the page: this button folds it away.
export default function ({ parentElement }) {
  parentElement.querySelector("button").onclick = () => {
    document.querySelector('[data-testid="stSidebarCollapseButton"] button').click();
  };
}
