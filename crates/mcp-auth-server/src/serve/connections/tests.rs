use std::pin::Pin;
use std::task::Context;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Frame};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::advance;

use super::*;

fn gone(ticket: &Ticket) -> bool {
    ticket.place.evicted.is_cancelled()
}

#[tokio::test]
async fn the_idle_make_room_and_the_busy_stay() {
    let all = Arc::new(Connections::new(4));
    let mut tickets: Vec<_> = (0..4).map(|_| Arc::new(all.try_admit().unwrap())).collect();
    let _busy = tickets[0].busy();
    assert!(all.try_admit().is_none());
    assert!(!gone(&tickets[0]));
    assert_eq!(tickets.iter().filter(|it| gone(it)).count(), 1);
    assert!(all.try_admit().is_none());
    assert_eq!(tickets.iter().filter(|it| gone(it)).count(), 1, "one is leaving already");
    tickets.retain(|it| !gone(it));
    all.admit().await;
}

#[tokio::test]
async fn a_place_that_is_given_back_is_given_on() {
    let all = Arc::new(Connections::new(1));
    let first = Arc::new(all.try_admit().unwrap());
    let busy = first.busy();
    let waiting = tokio::spawn({
        let all = Arc::clone(&all);
        async move { all.admit().await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished() && !gone(&first), "who is busy is not told to go");
    drop((first, busy));
    drop(waiting.await.unwrap());
    assert!(all.lock().places.is_empty());
}

#[tokio::test]
async fn who_keeps_the_server_waiting_makes_room() {
    let all = Arc::new(Connections::new(1));
    let slow = Arc::new(all.try_admit().unwrap());
    let busy = slow.busy();
    let never = http_body_util::StreamBody::new(futures_util::stream::pending::<
        Result<Frame<Bytes>, std::convert::Infallible>,
    >());
    let mut body = Awaited::new(never, &slow);
    assert!(all.try_admit().is_none() && !gone(&slow), "nobody waits for it yet");
    let mut context = Context::from_waker(std::task::Waker::noop());
    assert!(Pin::new(&mut body).poll_frame(&mut context).is_pending());
    assert!(all.try_admit().is_none() && gone(&slow));
    drop(body);
    assert!(!slow.is_idle(), "its answer is being made");
    drop(busy);
    assert!(slow.is_idle());
}

/// Connections that may let so many things wait, each with no bytes of its own.
fn few(most: u64) -> Arc<Connections> {
    let mut all = Connections::new(16);
    all.most_waiting = most * waits::EACH;
    Arc::new(all)
}

#[tokio::test(start_paused = true)]
async fn where_too_much_waits_those_go_that_have_not_moved_for_longest() {
    let all = few(4);
    let tickets: Vec<_> = (0..5).map(|_| Arc::new(all.try_admit().unwrap())).collect();
    let mut held = Vec::new();
    for ticket in &tickets[..4] {
        held.push(ticket.hold(0));
        advance(Duration::from_millis(1)).await;
    }
    let _busy = tickets[1].busy();
    held[0].moved();
    assert!(!tickets.iter().any(|it| gone(it)), "it is as much as may wait");
    held.push(tickets[4].hold(0));
    let left: Vec<_> = tickets.iter().map(|it| gone(it)).collect();
    assert_eq!(left, [false, false, true, true, false], "one too many, and a share");
    drop((held, tickets));
    assert_eq!(all.waiting.load(Ordering::Relaxed), 0);
    assert_eq!(all.leaving.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_goes_and_who_is_slow_stays() {
    let all = few(4);
    let ticket = Arc::new(all.try_admit().unwrap());
    let began = Instant::now();
    let slow = ticket.hold(0);
    let nearly = STALL.saturating_sub(Duration::from_millis(1));
    for _ in 0..5 {
        assert!(tokio::time::timeout(nearly, ticket.evicted()).await.is_err());
        slow.moved();
    }
    ticket.evicted().await;
    assert_eq!(began.elapsed(), nearly * 5 + STALL);
}

#[tokio::test]
async fn an_answer_waits_until_its_last_piece_is_taken() {
    let all = few(4);
    let ticket = Arc::new(all.try_admit().unwrap());
    let waiting = || all.waiting.load(Ordering::Relaxed);
    let sent = Bytes::from(vec![7; 40_000]);
    let mut body = Untaken::new(Full::new(sent.clone()), &ticket);
    let mut pieces = Vec::new();
    assert_eq!(body.size_hint().exact(), Some(40_000));
    while let Some(frame) = body.frame().await {
        pieces.push(frame.unwrap().into_data().unwrap());
        let left = 40_000 - pieces.iter().map(Bytes::len).sum::<usize>();
        assert_eq!(body.size_hint().exact(), Some(left as u64));
        assert_eq!(body.is_end_stream(), left == 0);
    }
    assert_eq!(pieces.concat(), sent);
    assert_eq!((pieces.len(), waiting()), (3, waits::EACH + 40_000));
    drop(body);
    pieces.truncate(1);
    assert_eq!(waiting(), waits::EACH + 40_000);
    pieces.clear();
    assert_eq!(waiting(), 0);
}

#[tokio::test]
async fn what_cannot_be_written_waits() {
    let all = few(4);
    let ticket = Arc::new(all.try_admit().unwrap());
    let (server, mut client) = tokio::io::duplex(4);
    let mut stream = Unwritten::new(server, &ticket);
    stream.write_all(b"four").await.unwrap();
    assert!(ticket.place.waits.oldest().is_none());
    let (written, read) = tokio::join!(stream.write_all(b"more"), async {
        tokio::task::yield_now().await;
        assert!(ticket.place.waits.oldest().is_some());
        client.read_exact(&mut [0; 8]).await
    });
    assert!(written.is_ok() && read.is_ok());
    assert!(ticket.place.waits.oldest().is_none());
}
