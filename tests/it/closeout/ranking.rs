//! Rankings: their order, and what a page costs.

use sea_orm::ConnectionTrait;
use service::inspection::ScoreChange;
use service::standing::{Cursor, Seen, Source, Wanted};
use support::{World, on_both};

use crate::stand::{ROUND, Stand, award};

on_both!(
    a_ranking_page_costs_the_same_however_many_subjects,
    those_of_equal_rank_stand_in_the_order_of_their_codes
);

async fn a_ranking_page_costs_the_same_however_many_subjects(world: World) {
    let stand = Stand::with(world, 60).await;
    let service = stand.world.service.clone();
    let awards: Vec<ScoreChange> = (1..=60)
        .map(|unit| award(unit, if unit % 3 == 0 { "60" } else { "40" }))
        .collect();
    service
        .change_scores(&stand.inspector, ROUND, awards)
        .await
        .unwrap();
    let seen = Seen::default();
    assert_eq!(service.refresh_standings(&seen).await.unwrap(), 1);
    assert_eq!(service.refresh_standings(&seen).await.unwrap(), 0);
    stand.answer(1, "good").await;
    assert_eq!(service.refresh_standings(&seen).await.unwrap(), 0);
    stand.show_answers().await;
    assert_eq!(service.refresh_standings(&seen).await.unwrap(), 1);
    let mut wanted = Wanted {
        round: ROUND,
        category: "organ".to_owned(),
        after: None,
        first: 50,
        revision: None,
    };
    let before = service.database.statement_count();
    let page = service
        .list_ranking(&stand.administrator, &wanted)
        .await
        .unwrap();
    assert!(service.database.statement_count() - before <= 3);
    assert!(matches!(page.source, Source::Live { as_of: Some(_) }));
    assert_eq!((page.places.len(), page.more), (50, true));
    // Why a figure is undefined was put into words when it was written.
    let figures = &page.places[0].figures;
    let undefined = figures.surveys.iter().filter(|one| one.why.is_some());
    let undefined: Vec<&str> = undefined.map(|one| one.what.as_ref()).collect();
    assert!(!undefined.is_empty());
    for what in undefined {
        assert!(figures.whys[what].zh.contains("规定的 3 份"), "{what}");
    }
    let last = page.places.last().unwrap();
    wanted.after = Some(Cursor {
        rank: last.rank,
        code: last.code.clone(),
    });
    let rest = service
        .list_ranking(&stand.administrator, &wanted)
        .await
        .unwrap();
    assert_eq!((rest.places.len(), rest.more), (10, false));
}

async fn those_of_equal_rank_stand_in_the_order_of_their_codes(world: World) {
    let stand = Stand::with(world, 6).await;
    let service = stand.world.service.clone();
    let transaction = service.database.begin_write().await.unwrap();
    // Against the order of the ids, and with capitals, which stand first whatever the server's language is.
    for (id, code) in [(1, "d"), (2, "c"), (3, "b"), (4, "a"), (5, "B"), (6, "A")] {
        let sql = format!("UPDATE subject SET code = '{code}' WHERE id = {id}");
        transaction.execute_unprepared(&sql).await.unwrap();
    }
    transaction.commit().await.unwrap();
    service.refresh_standing(ROUND).await.unwrap();
    let transaction = service.database.begin_write().await.unwrap();
    transaction
        .execute_unprepared("UPDATE standing SET rank = CASE subject_id WHEN 1 THEN 1 ELSE 2 END WHERE subject_id <> 6 AND subject_id <> 4")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let mut wanted = Wanted {
        round: ROUND,
        category: "organ".to_owned(),
        after: None,
        first: 2,
        revision: None,
    };
    let mut codes = Vec::new();
    loop {
        let page = service
            .list_ranking(&stand.administrator, &wanted)
            .await
            .unwrap();
        codes.extend(page.places.iter().map(|place| place.code.clone()));
        let last = page.places.last().unwrap();
        wanted.after = Some(Cursor {
            rank: last.rank,
            code: last.code.clone(),
        });
        if !page.more {
            break;
        }
    }
    assert_eq!(codes, ["d", "B", "b", "c", "A", "a"]);
}
