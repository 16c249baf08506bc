"""What runs by itself: sync, assess, plan, dispatch, settle, reconcile, replies, complete."""
