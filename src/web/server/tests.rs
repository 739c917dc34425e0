use super::*;

#[test]
fn strangers_go_first_then_whoever_was_of_use_longest_ago_and_nobody_at_work() {
    let guests = Arc::new(Guests::default());
    let [old, busy, regular, newest] = std::array::from_fn(|_| Guests::enter(&guests));
    drop(old.guest.works());
    drop(regular.guest.works());
    let work = busy.guest.works();
    let gone = |place: &ConnectionGuard| !guests.kept().contains_key(&place.number);
    let in_turn = [&newest, &old, &regular];
    for (index, expected) in in_turn.iter().enumerate() {
        assert!(guests.make_room());
        let told: Vec<bool> = in_turn.iter().map(|place| gone(place)).collect();
        assert!(gone(expected) && told.iter().filter(|gone| **gone).count() == index + 1, "{index}: {told:?}");
    }
    assert!(!guests.make_room(), "the last one has a request in hand");
    drop(work);
    assert!(guests.make_room());
}

#[tokio::test]
async fn a_stop_waits_for_an_act_whose_asker_has_hung_up() {
    let (stop, stopping) = watch::channel(false);
    let (in_hand, done) = (InHand::default(), Arc::new(AtomicBool::new(false)));
    let (mut told_too, noted) = (stopping.clone(), Arc::clone(&done));
    in_hand.spawn(async move {
        told(&mut told_too).await;
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        noted.store(true, Ordering::Relaxed);
    });
    let listener = Listener::on_port("127.0.0.1:0").await.expect("a port");
    stop.send_replace(true);
    serve(listener, Router::new(), 1, in_hand, stopping).await;
    assert!(done.load(Ordering::Relaxed), "it was left in the middle");
}
